#pragma once
/// What lies in Kafka, read once into a History. Reads only: joins no group, commits nothing, creates nothing.

#include "config/config.h"
#include "pipeline/history.h"
#include "tocsin/result.h"

namespace tocsin::pipeline {

struct KafkaRead {
    std::uint64_t repeated = 0;  ///< records that the intake had written before
    std::uint64_t foreign = 0;   ///< records of the log that the intake did not write
};

/// Reads the log, or, where the intake has not made one yet, the input topics: partition by partition, in the order of
/// the configuration, from the first record that is there to the last one that was there at the beginning.
///
/// Errors: kReject, a topic that does not exist, a mapping that does not fit; kRetry, the broker does not answer.
Result<KafkaRead> read_kafka(const config::Config& config, History& history);

}  // namespace tocsin::pipeline
