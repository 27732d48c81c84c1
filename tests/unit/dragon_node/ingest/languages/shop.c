#include <stdio.h>
#include "cart.h"
#define MAX(a,b) ((a)>(b)?(a):(b))

typedef struct cart { int n; } cart_t;

struct item { int price; };

enum kind { A, B };

static int *total(struct cart *c, int n)
{
    return 0;
}

int main(void) { return 0; }
