package shop

import kotlin.collections.List
import shop.money.*

data class Item(val price: Int)

interface Pricer {
    fun price(): Int
}

object Registry {
    fun reset() {}
}

class Cart<T>(val n: Int) : Pricer {
    override fun price(): Int = n

    companion object {
        fun empty(): Cart<Int> = Cart(0)
    }

    enum class Kind { A, B }
}

fun List<Int>.total(): Int = 0

typealias Money = Long

val limit = 3
