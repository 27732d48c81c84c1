require "json"
require_relative "cart"
module Shop
  class Cart < Base
    def total; 0; end
    def self.empty = new
    attr_reader :n
  end
end
def helper(x)
  x
end
