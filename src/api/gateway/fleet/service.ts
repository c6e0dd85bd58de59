import { inZone } from "../balance/candidate";
import { rendezvous } from "../balance/rendezvous";
import { lessBusyOfTwo } from "../balance/two-choices";
import { type Target } from "../discovery/source";
import { AdaptiveLimit, ADAPTIVE } from "../resilience/adaptive-limit";
import { Admission, ADMISSION } from "../resilience/admission";
import { RetryBudget } from "../resilience/retry";
import { type Ended } from "../proxy/attempt";
import { verdictOf } from "../proxy/verdict";
import { HealthCheck, type HealthOptions } from "./health";
import { Instance } from "./instance";

export interface ServiceOptions {
  readonly zone: string | undefined;
  readonly health: HealthOptions;
  /** Requests that one instance may work on at once, at most and at least. */
  readonly most: number;
  readonly least: number;
  /** How long a request may have to wait for its turn before there is too much to do, in ms. */
  readonly wait: number;
  now(): number;
  readonly sign?: ((service: string) => string) | undefined;
  report(message: string, details: object): void;
  /** Instances came or went. */
  changed(service: Service): void;
}

/** What is sent: a read, or a command for an aggregate. */
export interface Sending {
  readonly kind: "read" | "command";
  readonly aggregate: string | undefined;
}

/** So many times more requests may be waiting than worked on: they cost a service next to nothing. */
const PATIENT = 16;

/** A service: its instances, and how much it is given to do. */
export class Service {
  readonly admission: Admission;
  /** For requests that wait for something else than the service's own work, or whose answers have no end. */
  readonly patient: Admission;
  readonly budget: RetryBudget;
  private readonly limit: AdaptiveLimit;
  private wanted: ReadonlyMap<string, Target> = new Map();
  private readonly instances = new Map<string, { readonly instance: Instance; readonly check: HealthCheck }>();

  constructor(
    readonly name: string,
    private options: ServiceOptions,
  ) {
    const now = options.now();
    this.limit = new AdaptiveLimit({ ...ADAPTIVE, least: options.least, most: options.most }, now);
    this.admission = new Admission({ ...ADMISSION, limit: this.limit.value, wait: options.wait }, () =>
      this.options.now(),
    );
    this.patient = new Admission({ ...ADMISSION, limit: options.most * PATIENT, wait: options.wait }, () =>
      this.options.now(),
    );
    this.budget = new RetryBudget(now);
  }

  /** From now on with other options; health checks begin anew. */
  configure(options: ServiceOptions): void {
    this.options = options;
    for (const admission of [this.admission, this.patient]) admission.waitFor(options.wait);
    this.resize();
  }

  /**
   * Where its instances are now. Those that are gone end what they work on; but the last that can answer go only when
   * those that come have been asked whether they can.
   */
  update(targets: readonly Target[]): void {
    this.wanted = new Map(targets.map((target) => [target.id, target]));
    for (const [id, { instance }] of this.instances) {
      const target = this.wanted.get(id);
      if (target !== undefined) instance.update(target);
    }
    const joined = targets.filter(({ id }) => !this.instances.has(id)).map((target) => this.add(target));
    const now = this.options.now();
    const canDoWithout = this.all.some((instance) => this.wanted.has(instance.id) && instance.usable(now));
    if (canDoWithout || joined.length === 0) this.letGo();
    else void Promise.all(joined.map(({ first }) => first)).then(() => this.letGo());
    this.resize();
    this.options.changed(this);
  }

  get all(): readonly Instance[] {
    return [...this.instances.values()].map(({ instance }) => instance);
  }

  /** Whether there is an instance to send to. */
  get available(): boolean {
    const now = this.options.now();
    return this.all.some((instance) => instance.usableInNeed(now));
  }

  /** Resolves when every instance has been asked once whether it is ready. */
  async settled(): Promise<void> {
    await Promise.all([...this.instances.values()].map(({ check }) => check.first));
  }

  /**
   * The instance for a request; `undefined` when none can take it.
   * @param tried instances that failed at it before
   */
  choose({ kind, aggregate }: Sending, tried: ReadonlySet<Instance>): Instance | undefined {
    const now = this.options.now();
    const { all } = this;
    const left = all.filter((instance) => !tried.has(instance));
    const ready = left.filter((instance) => instance.usable(now));
    const usable = ready.length > 0 ? ready : left.filter((instance) => instance.usableInNeed(now));
    const near = inZone(usable, all, this.options.zone);
    return kind === "command" && aggregate !== undefined
      ? rendezvous(near, aggregate)
      : lessBusyOfTwo(near, Math.random);
  }

  /** An answer came after so many ms: how much at once is too much? */
  answered(took: number): void {
    const { underWay } = this.admission.figures;
    if (this.limit.observe(took, underWay, this.options.now())) this.admission.resize(this.limit.value);
  }

  /**
   * What an attempt says about its instance. Faulty answers, and those that come too late, open the circuits of half of
   * the instances at most: when all give them, it is not the instances. One that does not even say that it is ready is.
   */
  judge(instance: Instance, ended: Ended, inFairTime: boolean): void {
    const now = this.options.now();
    const verdict = verdictOf(ended);
    if (verdict === "late" && !inFairTime) return instance.breaker.undecided();
    if (verdict === "well") return instance.breaker.succeeded(now);
    const counts =
      verdict === "broken" || (verdict === "late" && instance.health === "silent") || this.maySpare(instance, now);
    if (verdict === "none" || !counts) return instance.breaker.undecided();
    instance.failures++;
    if (instance.breaker.failed(now))
      this.options.report("a circuit opened", { service: this.name, instance: instance.url });
  }

  async close(): Promise<void> {
    this.admission.close();
    this.patient.close();
    const all = [...this.instances.values()];
    this.instances.clear();
    for (const { check } of all) check.stop();
    await Promise.all(all.map(({ instance }) => instance.destroy()));
  }

  private maySpare(instance: Instance, now: number): boolean {
    const ready = this.all.filter(({ health, draining }) => health === "ready" && !draining);
    const out = ready.filter((each) => each !== instance && each.circuit(now) !== "closed").length;
    return out + 1 <= ready.length / 2;
  }

  private letGo(): void {
    for (const [id, { instance, check }] of this.instances) {
      if (this.wanted.has(id)) continue;
      this.instances.delete(id);
      check.stop();
      void instance.close();
      this.options.report("an instance left", { service: this.name, instance: instance.url });
    }
    this.resize();
    this.options.changed(this);
  }

  private add(target: Target): HealthCheck {
    const instance = new Instance(this.name, target, undefined, this.options.sign);
    const check = new HealthCheck(instance, this.options.health, () => {
      this.options.report(`an instance is ${instance.health}`, { service: this.name, instance: instance.url });
      this.resize();
    });
    this.instances.set(target.id, { instance, check });
    this.options.report("an instance joined", { service: this.name, instance: instance.url });
    return check;
  }

  private resize(): void {
    const ready = Math.max(1, this.all.filter(({ health, draining }) => health === "ready" && !draining).length);
    this.limit.bound(this.options.least * ready, this.options.most * ready);
    this.admission.resize(this.limit.value);
    this.patient.resize(this.options.most * ready * PATIENT);
  }
}
