// Strong<Tag, Rep>: a number that cannot be mistaken for another number.
#pragma once

#include <compare>
#include <cstddef>
#include <functional>

namespace telepost {

template <typename Tag, typename Rep>
struct Strong {
  using rep = Rep;
  Rep value{};
  constexpr auto operator<=>(const Strong&) const = default;
};

}  // namespace telepost

template <typename Tag, typename Rep>
struct std::hash<telepost::Strong<Tag, Rep>> {
  std::size_t operator()(const telepost::Strong<Tag, Rep>& id) const noexcept {
    return std::hash<Rep>{}(id.value);
  }
};
