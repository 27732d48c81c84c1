#include <vector>
namespace shop {
class Cart : public Base {
 public:
  Cart();
  int total() const { return 0; }
  static void reset();
  bool operator==(const Cart& o) const { return true; }
};
template <typename T>
T biggest(T a, T b) { return a; }
struct Item { int price; };
enum class Kind { A, B };
}  // namespace shop

int shop::Cart::total() const { return 1; }
shop::Cart::~Cart() {}
using Money = long;
