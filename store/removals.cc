#include "store/removals.h"

namespace telepost::store {

Result<std::optional<Removals::Held>> Removals::what_holds(const AccountWrite&, const schema::Summary&, schema::Removal) const {
  (void)rooms_;
  return std::optional<Held>();
}

}  // namespace telepost::store
