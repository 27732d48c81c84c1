import { Cart } from "./cart";
import type { Item } from "../item";
export * from "./money";
const fs = require("fs");

export interface Pricer {
  price(item: Item): number;
}

export type Money = number;

export enum Kind {
  A,
}

export abstract class Basket extends Cart implements Pricer {
  private n = 0;
  onClick = () => {
    this.n++;
  };
  price(item: Item): number {
    return this.n;
  }
}

export const total = async (xs: number[]) => xs.length;

export function* ids() {
  yield 1;
}

namespace inner {
  export function helper() {}
}

const lazy = () => import("./lazy");
