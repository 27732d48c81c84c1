import React from "react";

export const Price = ({ n }: { n: number }) => <b>{n}</b>;

export default function Shop() {
  return <Price n={1} />;
}
