-- POST /events/{id}/join, each pair of user and event once. Neighbouring requests join different events.
dofile(os.getenv("BENCH_SCRIPTS") .. "/common.lua")

local tails = {}
local events
local step = 0

function init()
    events = lines_of("BENCH_EVENTS")
    for user, token in ipairs(lines_of("BENCH_TOKENS")) do
        tails[user] = "/join HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer " .. token ..
            "\r\nContent-Length: 0\r\n\r\n"
    end
    step = tonumber(os.getenv("BENCH_SKIP")) + number
end

function request()
    local user, round = step % #tails, math.floor(step / #tails)
    step = step + 2 -- the number of wrk's threads
    return "POST /events/" .. events[(user + round) % #events + 1] .. tails[user + 1]
end
