#include <fmt/format.h>

#include "adapters/admin/commands.h"
#include "base/bytes.h"
#include "store/cdr_export.h"

namespace telepost::adapters::admin {
namespace {

using schema::CdrRecord;

std::string_view name_of(CdrRecord::Event event) {
  switch (event) {
    case CdrRecord::Event::delivery: return "delivery";
    case CdrRecord::Event::retrieval: return "retrieval";
    case CdrRecord::Event::notification: return "notification";
    case CdrRecord::Event::call: return "call";
    case CdrRecord::Event::sms_segment: return "sms_segment";
    case CdrRecord::Event::mms: return "mms";
    case CdrRecord::Event::fax_page: return "fax_page";
    case CdrRecord::Event::sending: return "sending";
  }
  return "unknown";
}

// The fields and their order are those of schema/cdr.md.
Json to_json(schema::AccountId account, const CdrRecord& record) {
  const bool has_message = record.local.value != 0;
  return {{"id", to_hex(record.id)},
          {"time", to_rfc3339(record.time)},
          {"event", name_of(record.event)},
          {"account", to_string(account)},
          {"address", record.address},
          {"other", record.other},
          {"kind", schema::name_of(record.kind)},
          {"result", record.result},
          {"message", has_message ? to_string(schema::MessageId{account, record.local}) : ""},
          {"size", record.size_bytes},
          {"network", record.network},
          {"trace", record.trace}};
}

}  // namespace

Result<void> export_cdrs(store::Store& store, Arguments& args, Exchange& exchange) {
  TELEPOST_ASSIGN(const std::string since, args.text_or("since", ""));
  TELEPOST_TRY(args.done());
  Result<void> sent;
  TELEPOST_ASSIGN(const std::string cursor,
                  store.cdrs().run(since, [&](schema::AccountId account, const CdrRecord& record) {
                    sent = exchange.object(to_json(account, record));
                    return sent.ok();
                  }));
  TELEPOST_TRY(sent);
  return exchange.object({{"cursor", cursor}});
}

}  // namespace telepost::adapters::admin
