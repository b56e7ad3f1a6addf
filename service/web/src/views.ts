/* Which view is shown, as the address says: `#safety`, `#emissions/…`, `#park/source/ID`, `#wall`, … */

export interface View {
  /** First part of the address. */
  name: string;
  nodes: HTMLElement[];
  /** None: it is reached from elsewhere. Hidden: not for this person. */
  link?: HTMLElement;
  /** Called with the rest of the address when it is shown, and with null when it no longer is. */
  follow?: (rest: string[] | null) => void;
}

export class Views {
  #shown: View | null = null;

  constructor(private readonly views: View[]) {
    addEventListener("hashchange", () => this.follow());
  }

  get name(): string {
    return this.#shown?.name ?? "";
  }

  /** Show what the address asks for; what is not there, or not for this person, is the first view. */
  follow(): void {
    const [name, ...rest] = location.hash.slice(1).split("/");
    const usable = this.views.filter((one) => !one.link?.hidden);
    const view = usable.find((one) => one.name === name) ?? usable[0];
    if (!view) return;
    for (const one of this.views) {
      if (one === view) one.link?.setAttribute("aria-current", "page");
      else one.link?.removeAttribute("aria-current");
      for (const node of one.nodes) node.hidden = !view.nodes.includes(node);
    }
    if (this.#shown !== view) this.#shown?.follow?.(null);
    this.#shown = view;
    document.body.dataset.view = view.name;
    view.follow?.(rest.map(decodeURIComponent));
  }

  /** Nobody is logged in any more. */
  end(): void {
    this.#shown?.follow?.(null);
    this.#shown = null;
  }
}
