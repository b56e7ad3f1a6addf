/* The park on one map: every source where it stands, in the colour of its risk and with a sign of its kind; the newest
   unacknowledged alert pulses; the wind and, downwind of that alert, where it would be carried (indicative only). */

import L from "leaflet";
import "leaflet/dist/leaflet.css";
import { away, plume, type Position } from "@/map/geometry";
import type { Plan } from "@/map/plan";
import { language } from "@/language";

export interface Source {
  id: string;
  enterprise: string;
  name: string;
  kind: string;
  position: [number, number] | null;
}
export interface Wind {
  /** Degrees from north, where it comes from; null: not known. */
  from_deg: number | null;
  speed_m_s: number | null;
  at: Position;
}

/* A letter for the kind, so that colour never stands alone. */
const SIGNS: Record<string, string> = {
  tank: "罐", reactor: "釜", unit: "装", gas_detectors: "气", waste_gas_outlet: "烟", waste_water_outlet: "水",
  fence_line: "界", air_station: "空", weather_station: "风", treatment_unit: "治", waste_store: "废",
};
/* From what is below to what is above. */
const LAYERS: Record<string, [zh: string, en: string]> = {
  green: ["绿地", "Green"], water: ["水体", "Water"], plot: ["地块", "Plots"], building: ["建筑", "Buildings"], road: ["道路", "Roads"], rail: ["铁路", "Railway"],
  pipe_rack: ["管廊", "Pipe racks"], boundary: ["园区边界", "Boundary"], gate: ["门", "Gates"],
};
/** Sources in sight that are shown with a sign each. */
const MOST_SIGNS = 80;
const lat_lng = (at: Position): L.LatLngTuple => [at[1], at[0]];

export class ParkMap {
  #map: L.Map;
  #markers = new Map<string, { marker: L.Marker; node: HTMLElement; source: Source }>();
  #arrow: L.Polyline;
  #plume: L.Polygon;
  #wind: Wind | null = null;
  #pulsing: string | null = null;
  #layers = new Map<string, L.LayerGroup>();
  #control: L.Control.Layers | null = null;
  /** What the view holds until somebody moves it. */
  #home: L.LatLngBounds | null = null;
  #isMoved = false;
  #hasPlan = false;

  constructor(node: HTMLElement, onOpen: (sourceId: string) => void) {
    this.#map = L.map(node, { attributionControl: false, zoomControl: true, zoomSnap: 0.25, maxZoom: 20, minZoom: 10 });
    this.#plume = L.polygon([], { className: "map-plume", interactive: false }).addTo(this.#map);
    this.#arrow = L.polyline([], { className: "map-wind", interactive: false }).addTo(this.#map);
    this.onOpen = onOpen;
    this.#map.on("moveend", () => this.#names());
    for (const kind of ["pointerdown", "wheel", "keydown"]) node.addEventListener(kind, () => (this.#isMoved = true), { passive: true });
    new ResizeObserver(() => {
      this.#map.invalidateSize();
      this.#fit();
    }).observe(node);
  }

  private readonly onOpen: (sourceId: string) => void;

  #fit(): void {
    if (this.#home?.isValid() && !this.#isMoved) this.#map.fitBounds(this.#home, { animate: false });
  }

  /** Take it from the page. */
  remove(): void {
    this.#map.remove();
  }

  /** The park's plan below everything, a layer for each kind of thing in it. */
  plan(plan: Plan): void {
    for (const layer of this.#layers.values()) layer.remove();
    this.#layers.clear();
    this.#control?.remove();
    if (!plan.features.length) return;
    const pane = this.#map.getPane("plan") ?? this.#map.createPane("plan");
    pane.style.zIndex = "250";
    (this.#map.getPane("plan-names") ?? this.#map.createPane("plan-names")).style.zIndex = "260";
    for (const kind of Object.keys(LAYERS)) {
      const features = plan.features.filter((one) => one.properties.kind === kind);
      if (!features.length) continue;
      const layer = L.geoJSON<{ kind: string; name: string }>({ ...plan, features } as Plan, {
        pane: "plan", interactive: false,
        style: { className: `plan ${kind}` },
        pointToLayer: (_, at) => L.circleMarker(at, { pane: "plan", radius: 4, className: `plan ${kind}`, interactive: false }),
        onEachFeature: ({ properties }, shape) => {
          if (properties.name) shape.bindTooltip(properties.name, { permanent: true, direction: "center", pane: "plan-names", className: `plan-name ${kind}`, interactive: false, opacity: 1 });
        },
      });
      this.#layers.set(kind, layer.addTo(this.#map));
    }
    const named = [...this.#layers].map(([kind, layer]) => [LAYERS[kind]![language.value === "zh" ? 0 : 1], layer] as const);
    this.#control = L.control.layers(undefined, Object.fromEntries(named), { position: "topright" }).addTo(this.#map);
    this.#hasPlan = true;
    if (this.#isAbout) return;
    this.#home = L.featureGroup([...this.#layers.values()]).getBounds().pad(0.04);
    this.#fit();
  }

  /* From afar names would lie over each other. */
  #names = (): void => {
    const zoom = this.#map.getZoom() as number | undefined;
    if (zoom === undefined) return; // nothing is shown yet
    const seen = this.#map.getBounds();
    let count = 0;
    for (const { marker } of this.#markers.values()) if (seen.contains(marker.getLatLng())) count++;
    // So many would lie over each other: those without any news are dots.
    this.#map.getContainer().classList.toggle("dots", count > MOST_SIGNS);
    this.#map.getContainer().classList.toggle("far", zoom < 15.5);
    this.#map.getContainer().classList.toggle("farther", zoom < 14.75);
  };
  #isAbout = false;

  /** All of them; the view holds those that are named, or all. */
  sources(sources: Source[], about: readonly string[] = []): void {
    for (const { marker } of this.#markers.values()) marker.remove();
    this.#markers.clear();
    for (const source of sources) {
      if (!source.position) continue;
      const node = document.createElement("button");
      node.type = "button";
      node.className = "map-source blue";
      node.appendChild(document.createElement("span")).textContent = SIGNS[source.kind] ?? "·";
      node.setAttribute("aria-label", source.name || source.id);
      node.addEventListener("click", () => this.onOpen(source.id));
      const icon = L.divIcon({ html: node, className: "map-icon", iconSize: [0, 0] });
      const marker = L.marker(lat_lng(source.position), { icon, keyboard: false, title: source.name || source.id }).addTo(this.#map);
      this.#markers.set(source.id, { marker, node, source });
    }
    const near = [...this.#markers].filter(([id]) => !about.length || about.includes(id));
    this.#isAbout = about.length > 0 && near.length > 0;
    if (this.#hasPlan && !this.#isAbout) return;
    this.#home = L.latLngBounds(near.map(([, one]) => one.marker.getLatLng())).pad(0.15);
    this.#fit();
  }

  /** Colours by source id; those that are not named are blue. Unacknowledged ones by id; the newest pulses. */
  update(colours: Map<string, string>, unacked: Map<string, number>, newest: string | null): void {
    for (const [id, { node, marker }] of this.#markers) {
      const colour = colours.get(id) ?? "blue";
      const count = unacked.get(id) ?? 0;
      const className = `map-source ${colour}${count ? " unacked" : ""}${id === newest ? " pulsing" : ""}`;
      if (node.className === className) continue;
      node.className = className;
      node.dataset.count = count ? String(count) : "";
      marker.setZIndexOffset(id === newest ? 2000 : count ? 1000 : 0);
    }
    this.#pulsing = newest;
    this.#draw();
  }

  wind(wind: Wind | null): void {
    this.#wind = wind;
    this.#draw();
  }

  #draw(): void {
    const { from_deg = null, speed_m_s = null, at = null } = this.#wind ?? {};
    const known = at !== null && from_deg !== null;
    this.#arrow.setLatLngs(known ? arrow(at, from_deg).map(lat_lng) : []);
    const source = this.#pulsing === null ? null : this.#markers.get(this.#pulsing)?.source;
    const carried = known && speed_m_s !== null && source?.position;
    this.#plume.setLatLngs(carried ? plume(source.position!, from_deg, speed_m_s).map(lat_lng) : []);
  }
}

/** A shaft into the direction of the wind, and its point. */
function arrow(at: Position, from_deg: number): Position[] {
  const towards = from_deg + 180;
  const tip = away(at, 180, towards);
  return [away(at, 180, from_deg), tip, away(tip, 90, from_deg - 25), tip, away(tip, 90, from_deg + 25)];
}
