const USER_INFO = /\b([a-z][a-z0-9+.-]*:\/\/)[^\s"'<>]*@/gi;
/**
 * Parameters with which some cameras take user and password in the path or query, such as
 * `/user=admin_password=x_channel=1`.
 */
const SECRET_PARAMETER =
  /(?<![a-z])(pass|passwd|password|pwd|pw|psw|token|secret|auth|apikey|api_key)=[^\s"'&;,/#]+?(?=_[a-z]+=|[\s"'&;,/#]|$)/gi;
const AUTHORIZATION = /\b(authorization\s*[:=]\s*"?)(basic|bearer|digest)\s[^\r\n]*/gi;

export const MASK = "***";

/** A text with the user and password of every URL, secret-looking parameters and Authorization headers masked. */
export function maskUrls(text: string): string {
  return text
    .replace(USER_INFO, `$1${MASK}@`)
    .replace(SECRET_PARAMETER, `$1=${MASK}`)
    .replace(AUTHORIZATION, `$1$2 ${MASK}`);
}
