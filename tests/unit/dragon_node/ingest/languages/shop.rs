use std::collections::HashMap;
use crate::cart::{Cart, Item};
mod pricing;

pub struct Money(i64);

pub enum Kind { A, B }

pub trait Pricer {
    fn price(&self) -> Money;
    fn twice(&self) -> Money { self.price() }
}

impl Pricer for Cart {
    fn price(&self) -> Money { Money(0) }
}

impl<T> Stack<T> {
    pub fn push(&mut self, t: T) {}
}

macro_rules! money { () => {}; }

mod inner {
    pub fn helper() {}
}

#[test]
fn adds() { assert_eq!(1, 1); }

type Alias = u8;
const LIMIT: usize = 3;
