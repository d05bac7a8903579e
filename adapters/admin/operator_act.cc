#include "adapters/admin/operator_act.h"

#include <utility>

#include "store/audit.h"

namespace telepost::adapters::admin {

Result<void> record_act(store::Store& store, schema::AuditRecord::Action act, schema::AccountId account, std::string reason,
                        std::vector<schema::LocalId> messages) {
  return store.audit().record({act, {}, account, "operator", std::move(reason), std::move(messages)});
}

}  // namespace telepost::adapters::admin
