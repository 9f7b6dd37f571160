/** What the reaper expects for one disk. */
export interface DiskForecast {
  /** Camera directories on it. */
  directories: string[];
  /** YYYYMMDD of the oldest footage; absent without any. */
  oldestDay?: string;
  /** Bytes recorded per day, over the last complete days; absent until one is complete. */
  bytesPerDay?: number;
  /** Days of footage at that rate that fit on the disk in addition to the space kept free, if nothing else fills it. */
  daysThatFit?: number;
  /** More days would fit by bytes, but the file system can hold no more files. */
  inodesRunOutFirst?: true;
}
