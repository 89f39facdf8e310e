// oidc-provider ships no types; the harness uses it in one file.
declare module 'oidc-provider';
