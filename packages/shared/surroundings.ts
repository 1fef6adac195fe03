/** Problems with what is around a program rather than with a file: its settings, the folder it was started in, the way to the server. */

export const PROBLEMS_OF_SURROUNDINGS = {
  settings_invalid: {
    status: 0,
    retry: 'never',
    title: 'The settings are not usable',
    todo: 'Set what is named; docs/settings.md lists all settings.',
  },
  data_missing: {
    status: 0,
    retry: 'never',
    title: "There is no server's data here",
    todo: 'Name the folder with --data-management-data-dir, or DATA_MANAGEMENT_DATA_DIR in /etc/splitcart/splitcart.env. A new server makes its own when "splitcart serve" starts.',
  },
  certificate_refused: {
    status: 0,
    retry: 'soon',
    title: 'The certificate of the server is not accepted',
    todo: 'Nothing is lost: the files stay in the outbox. See that the clock of this machine is right; name the certificates of an own CA in API_SERVER_CA; else the certificate must be renewed on the server.',
  },
  proxy_refused: {
    status: 0,
    retry: 'soon',
    title: 'The proxy does not let us through',
    todo: 'Nothing is lost: the files stay in the outbox. HTTPS_PROXY may hold user name and password, http://name:password@proxy:3128; NO_PROXY names hosts that need no proxy.',
  },
} as const
