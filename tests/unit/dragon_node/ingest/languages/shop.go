package shop

import (
	"fmt"
	alias "example.com/shop/cart"
)

type Money int64

type Cart struct {
	items []Item
}

type Pricer interface {
	Price(item Item) Money
}

func (c *Cart) Total() Money { return 0 }

func (c Cart) Empty() bool { return true }

func NewCart() *Cart { return &Cart{} }

func Map[T any](xs []T) []T { return xs }
