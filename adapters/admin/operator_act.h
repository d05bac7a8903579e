// What operators do to what is stored stands in the audit log (store/audit.h), as what policies do does.
#pragma once

#include <string>
#include <vector>

#include "schema/audit_record.h"
#include "store/store.h"

namespace telepost::adapters::admin {

// Before the act, so that nothing is done unrecorded: one that fails then, or that a crash keeps from being done, stands there too.
Result<void> record_act(store::Store& store, schema::AuditRecord::Action act, schema::AccountId account, std::string reason,
                        std::vector<schema::LocalId> messages = {});

}  // namespace telepost::adapters::admin
