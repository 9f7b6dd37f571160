/**
 * Shares the cameras evenly among the live recorders, with as few moves as possible: a recorder takes free cameras up
 * to its share, and one camera at a time from a recorder that holds two more than itself.
 *
 * KEYS: recorders (sorted set: until when each counts as alive, ms), holders (hash: camera to recorder), recording
 * (hash: camera to the recorder that receives its frames). ARGV: recorder, ms that it counts as alive without asking
 * again, intent, and as JSON lists: all cameras, the running ones, the recording ones, dead recorders.
 */
export const SHARE_SCRIPT = `
local recorders, holders, recording = KEYS[1], KEYS[2], KEYS[3]
local me, intent = ARGV[1], ARGV[3]
local cameras, running, receiving = cjson.decode(ARGV[4]), cjson.decode(ARGV[5]), cjson.decode(ARGV[6])
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

for _, name in ipairs(cjson.decode(ARGV[7])) do redis.call('ZREM', recorders, name) end
redis.call('ZREMRANGEBYSCORE', recorders, '-inf', now)
if intent == 'leave' then
  redis.call('ZREM', recorders, me)
else
  redis.call('ZADD', recorders, now + ARGV[2], me)
end

local alive, names, others = {}, redis.call('ZRANGE', recorders, 0, -1), {}
for _, name in ipairs(names) do
  alive[name] = 0
  if name ~= me then others[#others + 1] = name end
end
if #cameras == 0 then return {{}, {}, others} end

local isRunning, isReceiving = {}, {}
for _, camera in ipairs(running) do isRunning[camera] = true end
for _, camera in ipairs(receiving) do isReceiving[camera] = true end

local holderOf, free = {}, {}
local stored = redis.call('HMGET', holders, unpack(cameras))
for i, camera in ipairs(cameras) do
  local holder = stored[i]
  if holder and alive[holder] then
    holderOf[camera] = holder
    alive[holder] = alive[holder] + 1
  elseif holder and holder == me and intent == 'leave' then
    redis.call('HDEL', holders, camera)
  else
    free[#free + 1] = camera
  end
end

local function take(camera)
  local before = holderOf[camera]
  if before then alive[before] = alive[before] - 1 end
  holderOf[camera] = me
  alive[me] = alive[me] + 1
  redis.call('HSET', holders, camera, me)
end

if intent ~= 'leave' then
  -- What runs without a holder (Redis was wiped) goes on where it runs.
  for _, camera in ipairs(free) do
    if isRunning[camera] then take(camera) end
  end
end
if intent == 'share' then
  local share = math.ceil(#cameras / #names)
  for _, camera in ipairs(free) do
    if not holderOf[camera] and alive[me] < share then take(camera) end
  end
  while true do
    local richest = me
    for _, name in ipairs(names) do
      if alive[name] > alive[richest] then richest = name end
    end
    if alive[richest] - alive[me] < 2 then break end
    for i = #cameras, 1, -1 do
      if holderOf[cameras[i]] == richest then
        take(cameras[i])
        break
      end
    end
  end
end

local held, handedOver = {}, {}
local received = redis.call('HMGET', recording, unpack(cameras))
for i, camera in ipairs(cameras) do
  local holder = holderOf[camera]
  if holder == me then
    held[#held + 1] = camera
    if isReceiving[camera] then
      if received[i] ~= me then redis.call('HSET', recording, camera, me) end
    elseif received[i] == me then
      redis.call('HDEL', recording, camera)
    end
  elseif isRunning[camera] and holder and received[i] == holder then
    handedOver[#handedOver + 1] = camera
  end
end
return {held, handedOver, others}
`;
