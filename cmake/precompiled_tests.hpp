// What nearly every test file includes anyway.
#pragma once

#include "precompiled.hpp"

#include <doctest/doctest.h>
