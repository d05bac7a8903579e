// The first byte picks a record; what decodes must encode to bytes that decode to the same record.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <iterator>
#include <string_view>

#include "schema/app_password.h"
#include "schema/audit_record.h"
#include "schema/contact_records.h"
#include "schema/dictionary_records.h"
#include "schema/hold_record.h"
#include "schema/ids.h"
#include "schema/index_records.h"
#include "schema/job_records.h"
#include "schema/kept_record.h"
#include "schema/lease_record.h"
#include "schema/mail_job.h"
#include "schema/message_records.h"
#include "schema/partition.h"
#include "schema/push_subscription_record.h"
#include "schema/records.h"
#include "schema/redating_record.h"
#include "schema/reindex_record.h"
#include "schema/rules_record.h"
#include "schema/sender_record.h"
#include "schema/sign_in_records.h"
#include "schema/upload_record.h"
#include "schema/vacation_record.h"
#include "schema/visit_record.h"
#include "tests/fuzz/round_trip.h"

namespace {

namespace schema = telepost::schema;
using telepost::fuzz::round_trip;

void partition(std::string_view bytes) {
  const std::size_t size = bytes.size();
  const auto taken = schema::Partition::take_from(bytes);
  if (taken.ok() && taken->bytes().size() + bytes.size() != size) std::abort();
}

void ids(std::string_view bytes) {
  const auto message = schema::message_id_from(bytes);
  if (message.ok() && !(*schema::message_id_from(schema::to_string(*message)) == *message)) std::abort();
}

template <auto decode>
void trip(std::string_view bytes) {
  round_trip(decode, bytes);
}

using Trip = void (*)(std::string_view);

// A new one at the end: the seeds name their record by its place.
constexpr Trip kTrips[] = {
    trip<schema::decode_AccountRecord>,
    trip<schema::decode_HeadRecord>,
    trip<schema::decode_MailboxRecord>,
    trip<schema::decode_BlockRecord>,
    trip<schema::decode_MessageRecord>,
    trip<schema::decode_Summary>,
    trip<schema::decode_ChangeRecord>,
    trip<schema::decode_DeliveryKeyRecord>,
    trip<schema::decode_IntentRecord>,
    trip<schema::decode_PieceRecord>,
    trip<schema::decode_OrphanRecord>,
    trip<schema::decode_AddressRecord>,
    trip<schema::decode_AccountListRecord>,
    trip<schema::decode_StoreRecord>,
    trip<schema::decode_CdrRecord>,
    partition,
    ids,
    trip<schema::decode_JobRecord>,
    trip<schema::decode_JobNameRecord>,
    trip<schema::decode_MailJob>,
    trip<schema::decode_SubmissionRecord>,
    trip<schema::decode_SubmittedRecipientRecord>,
    trip<schema::decode_ReportRecord>,
    trip<schema::decode_AppPasswordRecord>,
    trip<schema::decode_AuditRecord>,
    trip<schema::decode_KeptRecord>,
    trip<schema::decode_LeaseRecord>,
    trip<schema::decode_HoldRecord>,
    trip<schema::decode_IndexedMessageRecord>,
    trip<schema::decode_ThreadRecord>,
    trip<schema::decode_PartnerRecord>,
    trip<schema::decode_OrderRecord>,
    trip<schema::decode_ThreadChangeRecord>,
    trip<schema::decode_RecountRecord>,
    trip<schema::decode_UploadRecord>,
    trip<schema::decode_SenderRecord>,
    trip<schema::decode_VacationRecord>,
    trip<schema::decode_AnsweredRecord>,
    trip<schema::decode_RulesRecord>,
    trip<schema::decode_ContactsRecord>,
    trip<schema::decode_CardRecord>,
    trip<schema::decode_CardChangeRecord>,
    trip<schema::decode_PushSubscriptionRecord>,
    trip<schema::decode_PushSecrets>,
    trip<schema::decode_AnswerRecord>,
    trip<schema::decode_DictionaryRecord>,
    trip<schema::decode_DictionarySetRecord>,
    trip<schema::decode_RedatingRecord>,
    trip<schema::decode_VisitRecord>,
    trip<schema::decode_SecondFactorRecord>,
    trip<schema::decode_TokenRecord>,
    trip<schema::decode_ReindexRecord>,
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  kTrips[data[0] % std::size(kTrips)](std::string_view(reinterpret_cast<const char*>(data) + 1, size - 1));
  return 0;
}
