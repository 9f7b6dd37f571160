/** The colours that the canvas uses, read from the style sheet so that light and dark are defined in one place. */
export interface Palette {
  lane: string;
  unknown: string;
  ready: string;
  waiting: string;
  recording: string;
  failed: string;
  warn: string;
  text: string;
  faint: string;
  line: string;
  playhead: string;
  onPlayhead: string;
  mark: string;
  shade: string;
  font: string;
}

const NAMES: Record<Exclude<keyof Palette, "font">, string> = {
  lane: "--lane",
  unknown: "--lane-unknown",
  ready: "--footage",
  waiting: "--footage-waiting",
  recording: "--good",
  failed: "--bad",
  warn: "--warn",
  text: "--text",
  faint: "--text-faint",
  line: "--line",
  playhead: "--playhead",
  onPlayhead: "--on-playhead",
  mark: "--mark",
  shade: "--mark-shade",
};

export function readPalette(element: Element): Palette {
  const style = getComputedStyle(element);
  const entries = Object.entries(NAMES).map(([key, name]) => [key, style.getPropertyValue(name).trim()]);
  return { ...(Object.fromEntries(entries) as Omit<Palette, "font">), font: style.fontFamily };
}
