// Result<T>: a value or an Error. The one way a failure that somebody else caused travels through Telepost.
// Our own broken invariants are TELEPOST_ASSERT (base/assert.h), never an Error.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace telepost {

// The closed set of failures. A kind exists only where some peer gets a different answer; each codec maps every
// kind in a switch without default, so that a new kind finds its gaps.
enum class Errc : unsigned char {
  invalid,      // the input breaks its grammar or its schema
  too_large,    // one thing is larger than its limit
  too_many,     // more things than a limit allows, or more often
  not_found,    // the named thing does not exist
  exists,       // the name or id is taken
  refused,      // policy says no, for good
  denied,       // the caller lacks the right or the proof of identity
  over_quota,   // the account has no room
  busy,         // in use or overloaded; the same call may succeed later
  conflict,     // an expectation did not hold: somebody else wrote first
  disk_full,    // the reserve of the disk is reached
  io,           // the disk or the engine failed
  corrupt,      // stored bytes are not what was written
  unavailable,  // a part or peer that is needed does not answer
  timeout,      // a deadline passed
  cancelled,    // the caller went away or the process stops
  unsupported,  // understood, and not offered
};

// The kind's name as logs, JSON and metrics print it, for example "not_found".
std::string_view name_of(Errc kind);

struct Error {
  Errc kind;
  std::string detail;  // for people: what was wrong and, where it helps, what to do; never a secret or a body
  bool operator==(const Error&) const = default;
};

// "not_found: no account has the address mailto:x@example.test"
std::string to_string(const Error& error);

template <typename T>
class [[nodiscard]] Result {
 public:
  using value_type = T;
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}           // NOLINT: implicit on purpose
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}       // NOLINT
  Result(Errc kind, std::string detail) : Result(Error{kind, std::move(detail)}) {}

  bool ok() const { return state_.index() == 0; }
  explicit operator bool() const { return ok(); }

  // Precondition of value(), * and ->: ok(). Precondition of error(): !ok().
  T& value() & { return std::get<0>(state_); }
  const T& value() const& { return std::get<0>(state_); }
  T value() && { return std::get<0>(std::move(state_)); }  // by value, so that `for (x : *verb())` outlives the Result
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }
  const Error& error() const& { return std::get<1>(state_); }
  Error&& error() && { return std::get<1>(std::move(state_)); }

 private:
  std::variant<T, Error> state_;
};

template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Error error) : error_(std::move(error)) {}  // NOLINT: implicit on purpose
  Result(Errc kind, std::string detail) : error_(Error{kind, std::move(detail)}) {}

  bool ok() const { return !error_.has_value(); }
  explicit operator bool() const { return ok(); }
  const Error& error() const& { return *error_; }
  Error&& error() && { return std::move(*error_); }

 private:
  std::optional<Error> error_;
};

}  // namespace telepost

#define TELEPOST_CONCAT_INNER(a, b) a##b
#define TELEPOST_CONCAT(a, b) TELEPOST_CONCAT_INNER(a, b)

// TELEPOST_TRY(expression): returns its error from the enclosing function, else goes on.
#define TELEPOST_TRY(expression)                                            \
  do {                                                                      \
    if (auto&& telepost_try_ = (expression); !telepost_try_.ok()) {         \
      return ::telepost::Error(telepost_try_.error());                      \
    }                                                                       \
  } while (false)

// TELEPOST_ASSIGN(auto name, expression): declares or assigns from its value, or returns its error.
#define TELEPOST_ASSIGN(target, expression) \
  TELEPOST_ASSIGN_INNER(TELEPOST_CONCAT(telepost_result_, __LINE__), target, expression)
#define TELEPOST_ASSIGN_INNER(result, target, expression)   \
  auto result = (expression);                               \
  if (!result.ok()) return std::move(result).error();       \
  target = std::move(result).value()
