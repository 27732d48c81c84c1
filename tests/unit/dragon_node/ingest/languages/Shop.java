package shop;
import java.util.List;
import static shop.Money.zero;

/** A cart. */
public class Cart<T> implements Pricer {
    private int n;
    public Cart() { n = 0; }
    @Override
    public int total() { return n; }
    interface Inner { void go(); }
    enum Kind { A, B }
}
record Point(int x, int y) {}
@interface Marked {}
