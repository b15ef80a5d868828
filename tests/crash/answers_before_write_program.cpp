// dacapo with a fault: its committing thread (compiled again into this program) answers before it writes.
// The crash test must notice; a test that cannot fail would prove nothing.
#include "tests/crash/served.hpp"

int main(int argc, char** argv) { return dacapo::test::serve_until_ended({argv + 1, argv + argc}, {}); }
