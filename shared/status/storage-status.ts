/** What the reaper foresees for one disk. */
export interface DiskForecast {
  /** Camera directories on it. */
  directories: string[];
  /** YYYYMMDD of the oldest footage; absent without any. */
  oldestDay?: string;
  /** Recorded per day over the last finished days; absent until one is over. */
  bytesPerDay?: number;
  /** Days of footage at that rate that fit on the disk beside the space kept free, if nothing else fills it. */
  daysThatFit?: number;
  /** Of bytes more days would fit: what bounds them is the number of files that the file system can hold. */
  inodesRunOutFirst?: true;
}
