/** Whether a variable's name says that it holds a secret. Names alone: values are never looked at. */
export function secretLookingName(name: string): boolean {
  return /(^|_)(SECRET|TOKEN|PASSWORD|PASSWD|PASSPHRASE|API_?KEY|PRIVATE_?KEY|ACCESS_?KEY|CREDENTIALS?|DATABASE_URL|DSN)(_|$)/i.test(
    name,
  );
}
