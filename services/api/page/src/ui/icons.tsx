import type { JSX } from "preact";

/** The page's few icons, drawn with one stroke width on a grid of 24. Decorative: there are labels beside them. */
const PATHS = {
  play: "M8 5.5v13l10.5-6.5z",
  pause: "M8.5 5.5v13M15.5 5.5v13",
  previous: "M15 6l-6 6 6 6",
  next: "M9 6l6 6-6 6",
  frameBack: "M17 6l-7 6 7 6zM6.5 6v12",
  frameOn: "M7 6l7 6-7 6zM17.5 6v12",
  download: "M12 4v11m-4.5-4.5L12 15l4.5-4.5M5 19.5h14",
  camera: "M4 8h3.5L9 5.5h6L16.5 8H20v11H4zM12 16.5a3.2 3.2 0 1 0 0-6.4 3.2 3.2 0 0 0 0 6.4z",
  link: "M10 14a4 4 0 0 0 6 .4l3-3a4 4 0 0 0-5.7-5.6l-1.2 1.1M14 10a4 4 0 0 0-6-.4l-3 3a4 4 0 0 0 5.7 5.6l1.2-1.1",
  calendar: "M5 6.5h14V19H5zM5 10.5h14M9 4v4M15 4v4",
  plus: "M12 5.5v13M5.5 12h13",
  minus: "M5.5 12h13",
  close: "M6.5 6.5l11 11M17.5 6.5l-11 11",
  warning: "M12 4.5L21 19.5H3zM12 10.5v4M12 17v.2",
  check: "M5 12.5l4.5 4.5L19 7.5",
  offline: "M4 4l16 16M8.5 15.5a5 5 0 0 1 7 0M5.5 12.2a9 9 0 0 1 4-2.2M14 9.9a9 9 0 0 1 4.5 2.3M12 18.8v.2",
  keyboard: "M3.5 7h17v10h-17zM7 10.2v.1M10.3 10.2v.1M13.7 10.2v.1M17 10.2v.1M8 14h8",
  full: "M5 9.5V5h4.5M14.5 5H19v4.5M19 14.5V19h-4.5M9.5 19H5v-4.5",
  grid: "M4.5 5.5h6.5v5.5H4.5zM13 5.5h6.5v5.5H13zM4.5 13h6.5v5.5H4.5zM13 13h6.5v5.5H13z",
  film: "M4 6h16v12H4zM8 6v12M16 6v12M4 10h4M4 14h4M16 10h4M16 14h4",
} as const;

export function Icon({ name }: { name: keyof typeof PATHS }): JSX.Element {
  return (
    <svg class="icon" viewBox="0 0 24 24" aria-hidden="true" data-filled={name === "play" ? "" : undefined}>
      <path d={PATHS[name]} />
    </svg>
  );
}
