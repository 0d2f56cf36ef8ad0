/** Whether a set is asked for: names, or starts of names with a star, of sets or folders; all where no list is given. */
export function setFilter(list: string | undefined): (folder: string, set: string) => boolean {
  if (list === undefined) return () => true;
  const wanted = list.split(',').map((name) => name.trim());
  const fits = (name: string) =>
    wanted.some((each) => (each.endsWith('*') ? name.startsWith(each.slice(0, -1)) : name === each));
  return (folder, set) => fits(folder) || fits(set);
}
