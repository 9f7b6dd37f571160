import { parseConfig, type SimulatorConfig } from "./config.ts";

const CLIP = { width: 1280, height: 720, fps: 15, seconds: 60, bitrateKbit: 1500, gopFrames: 30 };

/**
 * The demonstration: two cameras whose clips are a minute long and start with the wall clock's minute, so that the
 * clock in the picture shows the true seconds.
 */
export function demoConfig(): SimulatorConfig {
  return parseConfig({
    cameras: [
      { id: "demo-garden", phase: "minute", clip: { ...CLIP, scene: "garden", label: "GARDEN" } },
      { id: "demo-street", phase: "minute", clip: { ...CLIP, scene: "street", label: "STREET" } },
    ],
  });
}
