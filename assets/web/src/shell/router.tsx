/** Routes, made of the table of pages. */
import { Outlet, createRootRoute, createRoute, createRouter, lazyRouteComponent, redirect } from "@tanstack/react-router";
import type { ComponentType, ReactNode } from "react";
import { auth } from "../lib/auth";
import { BASE } from "../lib/base";
import { useCan } from "../lib/permissions";
import { parseSearch, stringifySearch } from "../lib/search";
import { PAGES, type Page } from "../pages";
import { Empty, PageHeader, Skeleton } from "../ui/page";
import { Problem } from "../ui/problem";
import { Shell } from "./shell";

const root = createRootRoute({ component: Outlet, notFoundComponent: Lost, errorComponent: ({ error, reset }) => <Problem error={error} onRetry={reset} /> });

/** The dashboard's frame, for those who are signed in. The place is kept: signing in leads back to it. */
const framed = createRoute({
  getParentRoute: () => root,
  id: "framed",
  beforeLoad: ({ location }) => {
    if (auth.get().state !== "in") throw redirect({ to: "/login", search: (location.href === "/" ? {} : { to: location.href }) as never, replace: true });
  },
  component: () => (
    <Shell>
      <Outlet />
    </Shell>
  ),
});

function route(page: Page) {
  // Routes come from a table: their types are those of any page, and addresses are typed by `useAddress`.
  const Content = lazyRouteComponent(page.load as never) as ComponentType & { preload?: () => Promise<void> };
  return createRoute({
    getParentRoute: () => (page.open ? root : framed),
    path: page.path,
    component: page.needs ? () => <Allowed page={page}><Content /></Allowed> : Content,
    pendingComponent: () => <Skeleton lines={8} />,
    loader: () => Content.preload?.(),
  } as never);
}

function Allowed({ page, children }: { page: Page; children: ReactNode }) {
  const can = useCan();
  const right = page.needs ? can(page.needs) : { ok: true };
  if (right.ok) return children;
  return (
    <>
      <PageHeader title={page.title} />
      <Empty title="This page is not for you">It {right.reason}. Whoever runs the server can give it: cto user, cto token.</Empty>
    </>
  );
}

function Lost() {
  return (
    <main className="bare-page">
      <Empty title="There is no such page" action={<a href={`${BASE}/`}>Go to the overview</a>} />
    </main>
  );
}

const tree = root.addChildren([framed.addChildren(PAGES.filter((page) => !page.open).map(route)), ...PAGES.filter((page) => page.open).map(route)]);

export const router = createRouter({
  routeTree: tree,
  basepath: BASE || "/",
  parseSearch,
  stringifySearch,
  defaultPreload: "intent",
  defaultPendingMs: 200,
  scrollRestoration: true,
  defaultErrorComponent: ({ error, reset }) => <Problem error={error} onRetry={reset} />,
});

// Signing in or out opens and closes the frame.
auth.watch(() => void router.invalidate());
