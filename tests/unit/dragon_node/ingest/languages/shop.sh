#!/bin/bash
source ./lib.sh
. ../other.sh
total() {
  echo 1
}
function reset { echo 2; }
