#include "store/duty.h"

#include <utility>

#include "base/assert.h"
#include "schema/keys.h"

namespace telepost::store {
namespace {

// Of an account that is not being deleted any more.
Result<void> nothing(DutyWork&, AccountWrite&, const DueItem&) { return {}; }

constexpr Duty kDuties[] = {
    {due::kExpire, SweepKind::expire, false, false, expire, nullptr, nullptr, read_expiring},
    {due::kPurge, SweepKind::expire, false, false, purge, nullptr},
    {due::kUnpark, SweepKind::expire, false, false, unpark, nullptr},
    {due::kRedate, SweepKind::expire, false, true, redate, nullptr},
    {due::kArchive, SweepKind::archive, false, false, consider_archive, nullptr},
    {due::kRelieve, SweepKind::archive, false, false, nullptr, relieve},
    {due::kCheckArchived, SweepKind::archive, false, false, check_archived, nullptr},
    {due::kRemoveArchived, SweepKind::archive, true, false, nullptr, nullptr, remove_archived},
    {due::kCompress, SweepKind::compress, false, false, finish_packing, nullptr, pack},
    {due::kUnlink, SweepKind::reclaim, true, false, nullptr, unlink},
    {due::kForgetKey, SweepKind::reclaim, false, false, forget_key, nullptr},
    {due::kTrimChanges, SweepKind::reclaim, false, false, trim_changes, read_on_in_indexes},
    {due::kCheckAddresses, SweepKind::reclaim, true, false, check_addresses, nullptr},
    {due::kRemoveContent, SweepKind::reclaim, true, false, nothing, nullptr},
    {due::kServeIntents, SweepKind::reclaim, true, true, nullptr, serve_intents},
    {due::kServeSubmission, SweepKind::reclaim, true, true, nullptr, serve_submission},
    {due::kReport, SweepKind::reclaim, true, true, nullptr, send_report},
    {due::kAnswer, SweepKind::reclaim, false, true, nullptr, answer_message},
    {due::kForgetAnswer, SweepKind::reclaim, false, false, forget_answer, nullptr},
    {due::kWarnQuota, SweepKind::reclaim, false, true, note_quota_warning, warn_quota},
    {due::kIndex, SweepKind::reclaim, false, true, go_on_reading, read_on_in_indexes},
    {due::kForgetUpload, SweepKind::reclaim, false, false, forget_upload, nullptr},
    {due::kEndPush, SweepKind::reclaim, false, false, end_push_subscription, nullptr},
    {due::kForgetToken, SweepKind::reclaim, false, false, forget_token, nullptr},
    {due::kForgetSubmission, SweepKind::reclaim, false, false, forget_submission, nullptr},
};

}  // namespace

const Duty* duty_of(char what) {
  for (const Duty& duty : kDuties) {
    if (duty.what == what) return &duty;
  }
  return nullptr;
}

void put_rest(DutyWork& work, AccountWrite& write, const DueItem& item, const std::string& id, std::string_view value) {
  TELEPOST_ASSERT(id > item.id);
  std::string key = schema::keys::due(item.time, item.what, id);
  write.put(Space::queue, key, value);
  work.note_rest(item.what, std::move(key));
}

}  // namespace telepost::store
