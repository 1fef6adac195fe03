/** Visits all pages of a shop (test/shop-server.ts), some at the same time. */
export async function visitAll(shop, onItem, number = 1) {
  const { next, ...item } = await (await fetch(`${shop}/api/${number}`)).json()
  await onItem(item, number)
  await Promise.all(next.map((each) => visitAll(shop, onItem, each)))
}
