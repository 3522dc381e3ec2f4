/** The part of JupyterHub's changelog about a release. */
export function changelog(release: string): string {
  return `https://jupyterhub.readthedocs.io/en/stable/reference/changelog.html (${release})`;
}

/** A pull request or issue of JupyterHub's. */
export function jupyterhub(number: number): string {
  return `https://github.com/jupyterhub/jupyterhub/issues/${number}`;
}

export function upgrading(part: string): string {
  return `https://jupyterhub.readthedocs.io/en/stable/howto/upgrading.html#${part}`;
}

export function upgrading5(part: string): string {
  return `https://jupyterhub.readthedocs.io/en/stable/howto/upgrading-v5.html#${part}`;
}

export function upgrading6(part: string): string {
  return `https://jupyterhub.readthedocs.io/en/stable/howto/upgrading-v6.html#${part}`;
}

/** Where no document says it: the code of a release. */
export function code(release: string, file: string): string {
  return `https://github.com/jupyterhub/jupyterhub/blob/${release}/jupyterhub/${file}`;
}
