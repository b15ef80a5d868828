-- What every load script shares: lines of files, a number per thread, and the summary as one line of JSON.
-- Requests are put together by hand, because wrk.format would cost as much as the server being measured.
local thread_count = 0

function setup(thread)
    thread:set("number", thread_count)
    thread_count = thread_count + 1
end

function lines_of(variable)
    local found = {}
    for line in io.lines(os.getenv(variable)) do found[#found + 1] = line end
    return found
end

function seed_random()
    math.randomseed(number + 1)
end

-- latency in microseconds; `refused` are answers with 400 or more.
function done(summary, latency, requests)
    local errors = summary.errors
    io.write(string.format(
        "SUMMARY {\"requests\": %d, \"duration_us\": %d, \"p50_us\": %d, \"p99_us\": %d, \"max_us\": %d, " ..
            "\"refused\": %d, \"broken\": %d}\n",
        summary.requests, summary.duration, latency:percentile(50), latency:percentile(99), latency.max,
        errors.status, errors.connect + errors.read + errors.write + errors.timeout))
end
