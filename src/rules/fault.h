#pragma once
/// What is wrong with an expression or a template, and where in it.

#include <cstddef>
#include <string>

namespace tocsin::rules {

/// The loader makes file:line:col and carets of the place.
struct Fault {
    std::size_t begin = 0;  ///< bytes of the text that was compiled: [begin, end)
    std::size_t end = 0;
    std::string message;  ///< names the thing and the remedy, without a place
};

}  // namespace tocsin::rules
