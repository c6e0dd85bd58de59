import { registerFigures } from "../../../src/api/operations/figures";
import { type Engine } from "../../../src/engine/engine";
import { Metrics } from "../../../src/infra/observability";

/** What an engine's figures say, as Prometheus gets them. */
export interface Told {
  /** Whether the log is followed. */
  readonly connected: number | undefined;
  /** How often anything had to begin anew. */
  readonly retries: number;
  readonly states: Readonly<Record<string, string | undefined>>;
  /** Events not handled yet; `undefined` where that is not told. */
  readonly lags: Readonly<Record<string, number | undefined>>;
}

export class Figures {
  private readonly metrics = new Metrics({ process: false });

  constructor(engine: Engine) {
    registerFigures(this.metrics, engine);
  }

  /** @param names of projections, feeds and processes */
  async tell(...names: readonly string[]): Promise<Told> {
    const lines = (await this.metrics.expose()).split("\n");
    const values = (figure: string, ...labels: readonly string[]): readonly number[] =>
      lines
        .filter((line) => line.startsWith(`millrace_${figure}`) && labels.every((label) => line.includes(label)))
        .map((line) => Number(line.slice(line.lastIndexOf(" "))));
    const stateOf = (name: string) =>
      lines
        .filter((line) => line.startsWith("millrace_projection_state{") && line.includes(`name="${name}"`))
        .find((line) => line.endsWith(" 1"))
        ?.match(/state="([^"]*)"/)?.[1];
    return {
      connected: values("log_connected")[0],
      retries: values("projection_retries_total{").reduce((sum, value) => sum + value, 0),
      states: Object.fromEntries(names.map((name) => [name, stateOf(name)])),
      lags: Object.fromEntries(names.map((name) => [name, values("projection_lag_events{", `name="${name}"`)[0]])),
    };
  }
}
