/** Group may read, others nothing (umask(2)). */
const UMASK = 0o027;

/**
 * From now on what this process and its children make is not for other users of the machine: folders 0750, files 0640. What
 * is stricter stays as it is. To be called before anything is made; what is there already keeps its mode.
 */
export function keepFromOtherUsers(): void {
  process.umask(process.umask() | UMASK);
}
