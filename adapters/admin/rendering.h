// What the store keeps, as the objects that `--json` prints: times RFC 3339 in UTC, addresses with their scheme, sizes in bytes,
// flags as JMAP keywords, mailboxes by their path.
#pragma once

#include "adapters/admin/exchange.h"
#include "schema/message.h"
#include "store/accounts.h"
#include "store/mailboxes.h"
#include "store/message_reader.h"
#include "transcoders/mime/rendition.h"

namespace telepost::adapters::admin {

Json to_json(const store::Account& account);
Json to_json(const store::MailboxInTree& mailbox);

// One placement of a message: a line of `message list`.
Json to_json(schema::AccountId account, std::string_view mailbox_path, const store::Listed& listed);

// What a document says beyond the summary: envelope, origin, facts, parts, defects.
void add_document(Json& object, const schema::Document& document);

// The text as every reader shows it, at most kShownTextBytes of it, and the attachments under the names that are safe to save.
inline constexpr std::size_t kShownTextBytes = 64u << 10;
Result<void> add_rendition(Json& object, const schema::Part& root, const transcoders::mime::ReadRange& read);

}  // namespace telepost::adapters::admin
