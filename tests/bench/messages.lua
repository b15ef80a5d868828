-- POST /messages/ from a random user to another.
dofile(os.getenv("BENCH_SCRIPTS") .. "/common.lua")

local heads = {}

function init()
    seed_random()
    for user, token in ipairs(lines_of("BENCH_TOKENS")) do
        heads[user] = "POST /messages/ HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n" ..
            "Authorization: Bearer " .. token .. "\r\nContent-Length: "
    end
end

function request()
    local sender, receiver = math.random(#heads), math.random(#heads)
    if receiver == sender then receiver = sender % #heads + 1 end
    local body = '{"content":"Shall we play the slow one first tonight?","receiver_id":' .. receiver .. "}"
    return heads[sender] .. #body .. "\r\n\r\n" .. body
end
