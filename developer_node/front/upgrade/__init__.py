"""Another version of this program: installed beside this one, proven, and gone back from."""
