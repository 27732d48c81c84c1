const cart = require("./cart");
export { money } from "./money";

class Basket {
  #n = 0;
  handle = function () {};
  total() {
    return this.#n;
  }
}

export default function main() {}

module.exports.named = function named() {};

Basket.prototype.clear = function () {};
