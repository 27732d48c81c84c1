import Foundation
import struct Shop.Money

protocol Pricer { func price() -> Int }
class Cart: Pricer {
    var n = 0
    init(n: Int) { self.n = n }
    func price() -> Int { return n }
    deinit {}
}
struct Item { let price: Int }
enum Kind { case a, b }
extension Cart { func reset() {} }
actor Bank {}
func total(_ xs: [Int]) -> Int { 0 }
typealias Money = Int
