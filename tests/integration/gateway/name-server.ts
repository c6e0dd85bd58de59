import { createSocket } from "node:dgram";
import { type AddressInfo } from "node:net";

const A = 1;
const SRV = 33;

export interface Record_ {
  readonly priority: number;
  readonly weight: number;
  readonly port: number;
  readonly target: string;
}

/** What the name server knows; change it as you like. */
export interface Zone {
  readonly addresses: Map<string, readonly string[]>;
  readonly services: Map<string, readonly Record_[]>;
}

export interface NameServer extends Zone {
  /** `127.0.0.1:port`. */
  readonly address: string;
  stop(): Promise<void>;
}

/** A name server that answers questions for A and SRV records (RFC 1035, RFC 2782). */
export async function startNameServer(): Promise<NameServer> {
  const zone: Zone = { addresses: new Map(), services: new Map() };
  const socket = createSocket("udp4");
  socket.on("message", (question, from) => socket.send(answerTo(question, zone), from.port, from.address));
  await new Promise<void>((resolve) => socket.bind(0, "127.0.0.1", resolve));
  return {
    ...zone,
    address: `127.0.0.1:${(socket.address() as AddressInfo).port}`,
    stop: () => new Promise((resolve) => socket.close(() => resolve())),
  };
}

function answerTo(question: Buffer, { addresses, services }: Zone): Buffer {
  const labels: string[] = [];
  let at = 12;
  for (let length = question[at] ?? 0; length > 0; length = question[at] ?? 0) {
    labels.push(question.toString("latin1", at + 1, at + 1 + length));
    at += length + 1;
  }
  const name = labels.join(".").toLowerCase();
  const type = question.readUInt16BE(at + 1);
  const data =
    type === A
      ? (addresses.get(name) ?? []).map((address) => Buffer.from(address.split(".").map(Number)))
      : type === SRV
        ? (services.get(name) ?? []).map(serviceData)
        : [];
  const header = Buffer.alloc(12);
  question.copy(header, 0, 0, 2);
  header.writeUInt16BE(data.length > 0 ? 0x8580 : 0x8583, 2);
  header.writeUInt16BE(1, 4);
  header.writeUInt16BE(data.length, 6);
  const records = data.map((content) => {
    const head = Buffer.alloc(12);
    head.writeUInt16BE(0xc00c, 0);
    head.writeUInt16BE(type, 2);
    head.writeUInt16BE(1, 4);
    head.writeUInt32BE(0, 6);
    head.writeUInt16BE(content.length, 10);
    return Buffer.concat([head, content]);
  });
  return Buffer.concat([header, question.subarray(12, at + 5), ...records]);
}

function serviceData({ priority, weight, port, target }: Record_): Buffer {
  const head = Buffer.alloc(6);
  head.writeUInt16BE(priority, 0);
  head.writeUInt16BE(weight, 2);
  head.writeUInt16BE(port, 4);
  const labels = target.split(".").map((label) => Buffer.concat([Buffer.from([label.length]), Buffer.from(label)]));
  return Buffer.concat([head, ...labels, Buffer.from([0])]);
}
