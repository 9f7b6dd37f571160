/** Width of a pixel in relation to its height (sample aspect ratio in ITU-T H.264, `pasp` in ISO/IEC 14496-12). */
export interface PixelAspect {
  horizontal: number;
  vertical: number;
}

/** In pixels. */
export interface Size {
  width: number;
  height: number;
}

/**
 * Limit of the stretch, with some margin: the widest pixels of the standard are 32:11; the narrowest 10:11, or half of
 * that where only every second line is sent.
 */
export const MAX_STRETCH = 3;

/**
 * The size at which a picture is shown, in square pixels, rounded to whole ones. One side is stretched and the other
 * kept, so that no detail is lost.
 */
export function displaySize({ width, height }: Size, aspect: PixelAspect | undefined): Size {
  if (aspect === undefined) return { width, height };
  const stretch = aspect.horizontal / aspect.vertical;
  return stretch > 1 ? { width: Math.round(width * stretch), height } : { width, height: Math.round(height / stretch) };
}
