"""The browser's side of the product: routes, the guard in front of them, components, and how the app is started."""
