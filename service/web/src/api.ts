/* Requests to the service. */

export const BASE = "/api/v1";

/** An answer that was not what was asked for: problem details, RFC 9457. Status 0: the service cannot be reached. */
export class Problem extends Error {
  constructor(
    readonly status: number,
    detail: string,
    /** Last part of the problem's type: `forbidden`, `conflict`, ... */
    readonly kind = "",
    readonly body: Record<string, unknown> = {},
  ) {
    super(detail);
  }
}

type Query = Record<string, string | number | boolean | null | undefined | readonly (string | number)[]>;

/** A query string; null, undefined and "" are left out, a list repeats its name. */
export function query(parameters: Query): string {
  const made = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) {
    for (const one of Array.isArray(value) ? value : [value]) {
      if (one !== null && one !== undefined && one !== "") made.append(name, String(one));
    }
  }
  const text = made.toString();
  return text ? `?${text}` : "";
}

export interface Options {
  body?: unknown;
  /** Sent as they are instead of a JSON body. */
  raw?: Blob;
  headers?: Record<string, string>;
  within_ms?: number;
}

async function answered(method: string, path: string, options: Options): Promise<Response> {
  const { body, raw, headers = {}, within_ms = 15_000 } = options;
  let answer: Response;
  try {
    answer = await fetch(BASE + path, {
      method,
      headers: body === undefined ? headers : { "Content-Type": "application/json", ...headers },
      body: raw ?? (body === undefined ? undefined : JSON.stringify(body)),
      credentials: "same-origin",
      signal: AbortSignal.timeout(within_ms),
    });
  } catch (error) {
    throw new Problem(0, String(error));
  }
  if (answer.ok) return answer;
  const said: Record<string, unknown> = await answer.json().catch(() => ({}));
  const kind = String(said.type ?? "").split(/[/:]/).pop() ?? "";
  throw new Problem(answer.status, String(said.detail ?? answer.statusText), kind, said);
}

/** JSON of a route. Throws Problem. */
export async function request<T>(method: string, path: string, options: Options = {}): Promise<T> {
  const answer = await answered(method, path, options);
  return (answer.status === 204 ? undefined : await answer.json()) as T;
}

export const get = <T>(path: string, parameters: Query = {}): Promise<T> => request<T>("GET", path + query(parameters));
export const post = <T>(path: string, body: unknown = {}, options: Options = {}): Promise<T> =>
  request<T>("POST", path, { ...options, body });
export const remove = (path: string): Promise<void> => request<void>("DELETE", path);
