/** umask(2): the group may read, others have no access. */
const UMASK = 0o027;

/**
 * Protects what this process and its children create from now on from other users of the machine: folders get mode
 * 0750, files 0640. Stricter modes are kept. To be called before anything is created; existing files keep their modes.
 */
export function keepFromOtherUsers(): void {
  process.umask(process.umask() | UMASK);
}
