// What OpenSSL hands out, owned: freed by the function that belongs to it.
#pragma once

#include <memory>

namespace dacapo::test {

template <auto free_function>
struct Free {
    template <class T>
    void operator()(T* one) const {
        free_function(one);
    }
};
template <class T, auto free_function>
using Owned = std::unique_ptr<T, Free<free_function>>;

}  // namespace dacapo::test
