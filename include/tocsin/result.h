#pragma once
/// How failure is told: returned, never thrown. The kind of an Error says what the caller must do.

#include <optional>
#include <string>
#include <utility>
#include <variant>

#include "tocsin/check.h"

namespace tocsin {

/// What the caller must do about an error.
enum class ErrorKind {
    kRetry,   ///< back off and try again: the world is busy (broker away, receiver answers 503)
    kReject,  ///< set the input aside with this reason: trying again gives the same answer
    kFatal,   ///< stop before acknowledging anything: going on would lose or double something
};

/// Why something failed, in one sentence that names the thing and the remedy.
struct Error {
    ErrorKind kind = ErrorKind::kReject;
    std::string message;
};

inline Error retry(std::string message) {
    return {ErrorKind::kRetry, std::move(message)};
}
inline Error reject(std::string message) {
    return {ErrorKind::kReject, std::move(message)};
}
inline Error fatal(std::string message) {
    return {ErrorKind::kFatal, std::move(message)};
}

/// A T, or the reason why there is none. Reading value() of a failed result is a bug and aborts.
template <typename T>
class [[nodiscard]] Result {
public:
    Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}      // NOLINT(google-explicit-constructor)
    Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}  // NOLINT(google-explicit-constructor)

    [[nodiscard]] bool ok() const { return state_.index() == 0; }
    explicit operator bool() const { return ok(); }

    T& value() & { return (expect_ok(), std::get<0>(state_)); }
    const T& value() const& { return (expect_ok(), std::get<0>(state_)); }
    T&& value() && { return (expect_ok(), std::get<0>(std::move(state_))); }
    T& operator*() & { return value(); }
    const T& operator*() const& { return value(); }
    T* operator->() { return &value(); }
    const T* operator->() const { return &value(); }

    [[nodiscard]] const Error& error() const& {
        TOCSIN_CHECK(!ok(), "only a failed result has an error");
        return std::get<1>(state_);
    }
    [[nodiscard]] Error&& error() && {
        TOCSIN_CHECK(!ok(), "only a failed result has an error");
        return std::get<1>(std::move(state_));
    }

    /// Puts "where: " before the message of a failure; a success passes unchanged.
    Result context(const std::string& where) && {
        if (!ok()) std::get<1>(state_).message = where + ": " + std::get<1>(state_).message;
        return std::move(*this);
    }

private:
    void expect_ok() const { TOCSIN_CHECK(ok(), "value() needs a successful result; ask ok() first"); }
    std::variant<T, Error> state_;
};

/// Success without a value, or the reason why not.
template <>
class [[nodiscard]] Result<void> {
public:
    Result() = default;
    Result(Error error) : error_(std::move(error)) {}  // NOLINT(google-explicit-constructor)

    [[nodiscard]] bool ok() const { return !error_.has_value(); }
    explicit operator bool() const { return ok(); }
    void value() const { TOCSIN_CHECK(ok(), "value() needs a successful result; ask ok() first"); }
    [[nodiscard]] const Error& error() const& {
        TOCSIN_CHECK(!ok(), "only a failed result has an error");
        return *error_;
    }
    [[nodiscard]] Error&& error() && {
        TOCSIN_CHECK(!ok(), "only a failed result has an error");
        return *std::move(error_);
    }
    Result context(const std::string& where) && {
        if (error_) error_->message = where + ": " + error_->message;
        return std::move(*this);
    }

private:
    std::optional<Error> error_;
};

}  // namespace tocsin

/// The value of a Result, or return its error from the enclosing function. One per statement.
#define TOCSIN_TRY(expression)                                              \
    ({                                                                      \
        auto tocsin_result_ = (expression);                                 \
        if (!tocsin_result_.ok()) return std::move(tocsin_result_).error(); \
        std::move(tocsin_result_).value();                                  \
    })
